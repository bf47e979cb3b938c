-- The order of the last change: every write moves an item in it, so its index is where few others are, and a sheet, which has
-- one for each field, is not touched in any when nothing but the time changed.
create index item_updated on item (flow, updated_at, number);
