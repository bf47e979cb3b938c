# The flow's picture on an item's page
gone-show = See the way that it has gone
gone-note = The filled state is the present one; the blue ways are those that this item has gone.
