# The words on the pages. One a line; what follows a # is a remark.

## Punctuation
colon = {": "}
list-comma = {", "}
list-semicolon = {"; "}
nothing = (empty)
yes = Yes
no = No

## Times
time-now = just now
time-minutes-ago = { $n ->
    [one] 1 minute ago
   *[other] { $n } minutes ago
}
time-hours-ago = { $n ->
    [one] 1 hour ago
   *[other] { $n } hours ago
}
time-days-ago = { $n ->
    [one] 1 day ago
   *[other] { $n } days ago
}
time-minutes = { $n ->
    [one] 1 minute
   *[other] { $n } minutes
}
time-hours = { $n ->
    [one] 1 hour
   *[other] { $n } hours
}
time-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
time-under-a-minute = under a minute

## Around
skip = Skip to the content
menu = Menu
menu-main = Main menu
menu-home = Home
menu-pending = To do
menu-done = Done
menu-created = Created by me
menu-flows = Flows
menu-admin = Administration
menu-admin-flows = Manage flows
menu-admin-users = Users
menu-admin-groups = Groups
menu-admin-stranded = Items without a holder
menu-settings = My settings
menu-logout = Sign out
language = Language
language-browser = As the browser asks
theme = Appearance
theme-light = Light
theme-dark = Dark
theme-system = As the system has it
actions = Actions
cancel = Cancel
save = Save
copy = Copy
copied = Copied

## Lists
current-project = Project
create-item = New item
all-items = All items
back-home = Back to home
back-project = Back to the project
pending-items = Waiting for me
pending-empty = Nothing waits for you
pending-empty-next = What people pass to you appears here.
pending-all = { $n ->
    [one] See it
   *[other] See all { $n }
}
flow-pending-empty = Nothing in this flow waits for you
flow-pending-empty-next = Create an item, or see where all of them stand.
work-done-empty = Nothing done yet
work-done-empty-next = Items that you passed on appear here.
work-created-empty = You have not created an item yet
work-created-empty-next = Choose a flow on the home page and create the first.
flow-archived = This flow is out of use: its items stay readable, no new ones are created.
flows-empty = There are no flows yet
flows-empty-next = They appear here once an administrator publishes one.
card-open = Open
card-mine = Mine
states = Items by state
summary = Summary
reporter = Reporter
flow = Flow
updated = Updated
since = Since
total = { $n ->
    [one] 1 item
   *[other] { $n } items
}
search = Search
search-all = Search all items
search-words = What to look for
search-hint = e.g. 单板 重启
search-found = What was found
search-empty = What are you looking for?
search-empty-next = Type words, an ID or conditions; titles, fields and comments of all flows are searched.
search-none-next = Try another word: two or more Chinese characters, the beginning of a word, an ID.
search-comment = Comment
search-help-words = every word, in the title, the fields or the comments
search-help-phrase = standing together
search-help-id = the item of that ID
search-help-fields = together with conditions
filter = Filter
filter-hint = e.g. issue_level=事故 state=关闭
filter-go = Filter
filter-clear = Clear
ask = Add a condition by clicks
ask-field = Field
ask-how = Comparison
ask-is = is
ask-is-not = is not
ask-contains = contains
ask-value = Value
ask-add = Add the condition
ask-was = Has been in
ask-reached = Entered
filter-help = What can be asked
filter-help-state = in that state
filter-help-me = held by me
filter-help-contains = the summary contains “重启”
filter-help-time = updated in the last seven days
filter-help-and = all of these at once
all-empty = There are no items yet
all-empty-next = Create the first, and it appears here.
found-empty = No items like that
found-empty-next = Ask for something else, or clear the filter.

# Views, columns and groups
views = Views
views-own = My views
views-shared = Team views
views-none = There are no views yet. Save the present filter, order, columns and group, and it stands here.
view-keep = Save as view
view-save = Save changes
view-back = Revert
view-changed = Changed, not saved yet
view-settings = View settings
view-name = Name of the view
view-share = Share with the team (everybody who may enter this flow)
view-shared = Team view
view-of = Team view of { $who }
view-delete = Delete view
view-delete-sure = Delete the view “{ $name }”?
view-kept = The view “{ $name }” is saved.
view-changed-now = The view is saved.
view-gone = The view “{ $name }” is deleted.
view-exists = You already have a view of this name
view-too-many = At most { $max } views can be kept of one flow
columns = Columns and groups
columns-shown = Columns shown, in this order
columns-go = Apply
columns-own = Default columns
column-up = Move “{ $label }” up
column-down = Move “{ $label }” down
group-by = Group by
group-none = No groups
group-goes-on = (continued)
view-by-month = { $what } (by month)
view-by-day = { $what } (by day)
pager = Pages
pager-first = First page
pager-next = Next page

## Items
id-mark = {"ID "}
create = Create
steps = States
facts = Facts
links = Links
made-of = What was learned of it
make-of = Make an entry of “{ $name }”
links-inward = their “{ $field }”
read = Reading
read-lead = What has been worked out and put away, by subject, what came back most often first.
read-capped = Only the newest 2,000 are listed.
read-empty = Nothing has been put away yet.
read-contents = Contents
read-by = Ordered by
read-order = Order
read-other = Under no subject
returns = Where it came back
returns-show = See when and where it came back
returns-none = Nothing that you may see.
returns-when = By month
returns-all = All of them
similar = Similar items
similar-look = Find similar
similar-hint = While you write the title and the description, similar items appear here.
similar-none = Nothing similar.
similar-link = Link
similar-link-to = Link { $id } into “{ $field }”
similar-linked = Filled in
came-back = { $n ->
    [one] came back once
   *[other] came back { $n } times
}
history = History
history-more = Earlier
history-latest = Latest
history-to = to
by-admin = as administrator
event-created = created it
event-saved = saved
event-commented = commented
event-assigned = handed over
event-imported = imported
comment = Comment
comment-hint = Add a comment
comment-send = Comment
comment-with = Remark
comment-with-optional = Remark (optional), kept in the history with the step
comment-with-needed = Remark (needed for { $triggers })
why-not = Why not? ({ $n })
stay = In this state
stay-due = { $stay } of { $due }
stay-late = { $stay }, over { $due }
needed-by = Needed for { $triggers }
button-to = Moves it to “{ $state }”
button-opens = Opens a linked item in “{ $flow }”
idle-final = The item is finished.
idle-other = It is with { $who } now.
troubles = Nothing was changed yet. Please mend:
unsaved = There are unsaved changes. Leave all the same?
conflict = While you were typing, this item was changed:
conflict-earlier = Before these, { $n } more: see the history.
conflict-differs = What you typed is still below; where it differs, what stands there now is shown beside it. Check it and send it again: then yours counts.
conflict-same = What you typed is still below. Check it and send it again.
conflict-idle = What you typed was not saved; you can copy it from below.
conflict-now = Now:
hand-over = Hand over
hand-over-to = Hand over to
hand-over-of = Hand { $id } over to
hand-over-admin = Hand over to someone else (administrator)
handed-over-now = { $id } is handed over.
saved-now = Saved.
created-now = { $id } created.
opened-now = created
typed-was = You typed:
stranded-lead = Everyone who holds these items is disabled: hand them over to someone active.
stranded-empty = Every item has someone
stranded-empty-next = Items that are not handed over when a user is disabled appear here.

## Signing in, settings
login-title = Sign in
login = Sign in
login-wrong = That name and password do not go together. Please try again.
login-throttled = Too many attempts. Please try again in { $wait }.
login-needed = Please sign in; then you come back to the page that you asked for.
login-kept = Your session has ended. All that you typed is still here: sign in, and you are back at the form.
kept = You are signed in. All that you typed stands below and has not been sent: look it over and send it again; a password must be typed again.
kept-too-large = That is too large, at most 1 MB at once; nothing was changed. All that you typed stands below: shorten it and send it again.
kept-no-text = Not all of that is UTF-8 text; nothing was changed. What could be read stands below, with “�” for what could not: mend it and send it again.
login-out = You are signed out.
user-name = User name
user-name-help = 1 to 64 letters or digits, also . _ - ; it cannot be changed later
user-display = Display name
user-email = Mail address
password = Password
password-old = Present password
password-new = New password
password-again = Once more
password-help = At least 8 characters
password-short = Too short: at least 8 characters
password-differs = The two passwords differ
password-wrong = That is not your present password
setup-title = The first administrator
setup-lead = This installation is new. With an administrator's account you can add users and publish flows.
setup-go = Create and sign in
settings-person = Me
settings-password = Change the password
settings-password-go = Change the password
settings-saved = Saved.
password-changed = The password is changed; you are signed out everywhere else.
sessions = Where I am signed in
sessions-end = Sign out everywhere else
sessions-ended = You are signed out everywhere else.
session-this = This session
session-other = Another session
session-since = Since
session-seen = Last seen
tokens = API tokens
tokens-empty = No tokens. Scripts and other systems use a token to call the API as you.
token-name = What for
token-name-hint = e.g. daily report
token-lasts = Lasts
token-forever = No end
token-make = Make a token
token-made = The token is made: copy it now
token-made-text = It is shown this once and cannot be seen again.
token-created = Made
token-used = Last used
token-unused = Never used
token-expires = Ends
token-revoke = Revoke
token-revoke-sure = Programs that use it will be refused at once. Revoke it?
token-revoked = The token is revoked.

## Administration: users
user-add = Add a user
user-added = “{ $who }” is added.
user-edit = Details
user-saved = Saved.
user-created = Added
user-admin = Administrator
user-admin-help = Administrators manage users and flows and may act on any item in anyone's place; the history says so.
user-active = Active
user-disabled = Disabled
user-standing = Standing
user-password-help = May stay empty, to be set on the command line
user-password-keep = Empty: unchanged
user-holds = Items held
user-holds-nothing = Holds no items.
user-disable = Disable
user-disable-text = Signing in and tokens stop at once; the name stays in the history. The items can be handed over with it.
user-disable-oneself = You cannot disable yourself.
user-disabled-now = “{ $who }” is disabled.
user-enable = Enable again
user-enabled-now = “{ $who }” is enabled again.
user-hand-over = Hand the items over to
user-hand-over-hint = Empty: they are listed as without a holder
user-exists = There is a user of that name already
user-find = User name or display name
user-find-none = No user is called like that
user-name-bad = A name has 1 to 64 letters or digits, and . _ -
user-last-admin = There must be at least one administrator

## Administration: groups
groups = Groups
groups-lead = Flow files say group:NAME for who may create, see and press.
groups-empty = There are no groups yet
groups-empty-next = Make one below, then add its members.
groups-none-yet = (no groups yet)
groups-more = More groups
group-new = New group
group-name = Name
group-empty = No members yet.
group-members-all = See all members
group-find-none = No group is called like that
group-member = User name
group-add = Add
group-add-to = Whom to add to “{ $group }”
group-remove = Remove { $who }
group-exists = There is a group of that name already
group-name-bad = A name has 1 to 64 letters or digits, and . _ -
group-added = The group “{ $name }” is made.
group-joined = “{ $who }” is in the group now.
group-left = “{ $who }” is out of the group.

## Administration: flows
flows-none = No flow is published yet
flows-none-next = Choose or paste a flow file below; once it is sound it can be published.
flow-key = Key
flow-name = Name
flow-version = Version
flow-versions = Published versions
flow-version-open = { $n ->
    [one] 1 open item
   *[other] { $n } open items
}
flow-published = Published
flow-published-by = By
flow-out-of-use = Out of use
flow-archive = Archive
flow-archive-sure = Take “{ $name }” out of use? Its items stay readable, no new ones can be created.
flow-archived-now = “{ $name }” is out of use.
flow-check = Check and publish a flow
flow-check-lead = Choose a TOML flow file, or paste its text. A check changes nothing; only a flow without errors can be published.
flow-check-go = Check
flow-file = Flow file
flow-text = Or its text
flow-found = What the check found
flow-errors = { $n ->
    [one] One error must be mended before it can be published.
   *[other] { $n } errors must be mended before it can be published.
}
flow-sound = No problems: it can be published.
flow-sound-warnings = No errors: it can be published. Mind the warnings below.
flow-unchanged = It equals what is published; there is nothing to publish.
flow-publish = Publish as version { $n }
flow-published-now = “{ $name }” is published and in force.
flow-publish-all = Publish all ({ $n } files)
flow-retype = Fields change their type: items keep what they have until they are migrated
flow-download = Download the file
flow-again = Check it, to publish it again
flow-not-utf-8 = This is not text in UTF-8
flow-not-utf-8-help = Save it as UTF-8 in your editor and try again
flow-nothing-given = Choose a file, or paste the text of a flow
severity-error = Error
severity-warning = Warning
severity-note = Note

## The API's document
docs = API
docs-lead = With these calls programs do what people do on the pages, with the rights of the token's owner.
docs-token = Send a token with every call; make one in “My settings”.
docs-json = The description that programs read (OpenAPI)
docs-calls = Calls
docs-shapes = Data
docs-parameters = Parameters
docs-body = Body
docs-answers = Answers
docs-example = Example
docs-needed = needed
docs-in-path = path
docs-in-query = query

## Trouble
error-reference = Reference
error-403 = You may not do this
error-403-text = It is open to some people only. If you need it, ask an administrator.
error-404 = There is no such page
error-404-text = The address may be mistyped, or it is not open to you. Start again from home.
error-405 = This address does not open like that
error-405-text = Use the links and buttons on the pages.
back-form = Back to that page
error-409 = It has changed
error-409-text = Someone changed it meanwhile. Go back, see how it stands, and decide again.
error-413 = That is too large
error-413-text = At most 1 MB at once. Shorten it and send it again; your browser's back button brings back what you typed.
error-422 = That cannot be read
error-422-text = The request has the wrong form; nothing was changed. Go back, reload the page and try again.
error-429 = Too many requests
error-429-text = Please wait a moment and try again.
error-500 = Something went wrong
error-500-text = The server met something unexpected; nothing was changed. Try again later; if it happens again, tell an administrator the reference below.
error-503 = Not available for the moment
error-503-text = The data cannot be read or written just now; nothing was changed. Try again later; your browser's back button brings back what you typed.

# What changed while a page was open
live-new = New changes
live-refresh = Refresh
live-see = Show it as it is now
live-tab = Open it in a new tab
live-kept = What you typed is still here; when you send it, you are shown both sides first.
live-moved = { $who } moved it to “{ $state }”
live-pressed = { $who } pressed “{ $trigger }”
live-assigned = { $who } handed it over to { $to }
live-saved = { $who } changed it
live-commented = { $who } commented
live-more = , { $n } changes in all
live-gone = You can no longer see this item

# --- out and in
export = Export
export-lead = All items of this view, in its order:
export-xlsx = Excel (these columns)
export-csv = CSV (these columns)
export-all-xlsx = Excel (every field)
export-all-csv = CSV (every field)
export-json = JSON
export-xes = History (XES)
import-broken = the cell says { $said }, which is no value; mend it in the spreadsheet, save, and import again
import-several = more than one item has this value
import-twice = row { $row } is this item already
import-unreadable = The file cannot be read: { $why }. Save it as .xlsx or CSV and try again
import-empty = The file has no header
import-nothing-known = No column is known: the first row must have the labels of fields
import-column-twice = Two columns are { $column }
import-no-key = Items cannot be found by "{ $column }": it must be a column of the file that holds text, a number, a date, a choice or a user
import-too-long = At most { $most } rows: split the file
import-to-mend = Rows to mend
import-why = Reason
import-lists = Choices
import = Import
import-lead = New items and changes from Excel or CSV. Checking writes nothing; the flow's rules judge each row.
import-choose = Choose a file
import-file = Excel workbook (.xlsx) or CSV
import-template = Download a template
import-key = Rows without an ID find their items by
import-key-none = nothing: all are new
import-mode = Rows that find no item
import-mode-create = become new items
import-mode-leave = are left alone
import-check = Check
import-check-again = Check again
import-go = Import
import-mend = Download the rows to mend
import-would = What would happen (nothing is written yet)
import-done = Imported
import-created = Created
import-updated = Updated
import-unchanged = Unchanged
import-left = Left alone
import-refused = Refused
import-row = Row
import-more = { $n } rows more: download them
import-columns = What the columns are
import-pass = (not imported)
import-progress = { $done } of { $of } rows done
import-gone = The file is no longer there: choose it again
notes = Release notes
notes-lead = The items that reached a state within some days, and what each says of itself, as one text.
notes-state = Reached state
notes-from = From
notes-to = To
notes-field = Field with the note
notes-group-by = Group by
notes-group-none = nothing
notes-go = Make them
notes-capped = There are too many items: the first 10000 are told of. Shorten the time or add a filter.
notes-missing = { $n ->
    [one] One item has no note yet
   *[other] { $n } items have no note yet
}
notes-write = Write it
notes-found = { $n ->
    [one] One item
   *[other] { $n } items
}
notes-layout = Layout
notes-layout-lead = A Markdown template: flow, state, from, to, count; groups have a name and entries, which have id, title, url, note, reached, state, fields; missing are the items without a note.
notes-layout-reset = Back to the default layout
notes-layout-saved = The layout is saved
notes-layout-wrong = The layout is wrong: { $why }
notes-layout-long = A layout has at most 20000 characters
notes-group = Group
notes-note = Note
notes-reached = Reached on
## Statistics
stats = Statistics
stats-print = Print
stats-csv = Download CSV
stats-period = Period
stats-from = From
stats-to = To
stats-by = By field
stats-by-second = and by
stats-go = Count
stats-30-days = 30 days
stats-90-days = 90 days
stats-year = A year
stats-ever = All time
stats-bad-day = Write a day like 2026-05-31
stats-none = There is nothing to count.
stats-left-out = The filter does not fit these flows, which are left out: { $flows }
stats-process = The real process
stats-process-note = How often each way was gone in this period, how often each state was entered, and the median of how long items stayed. Dashed orange ways are returns; triggers that stay in a state are not counted.
stats-entered = entered { $n } ×
stats-median-of = median { $time }
stats-times = { $n } ×
stats-course = Filed, closed and open
stats-course-note = Open is how many were open at the end of each stretch.
stats-when = When
stats-filed = Filed
stats-closed = Closed
stats-open = Open
stats-open-state = Open items by state
stats-open-holder = Open items by holder
stats-open-field = Open items by { $field }
stats-cross = Cross table
stats-cross-note = Items filed in this period.
stats-stays = Time in each state
stats-stays-note = Stays that began in this period; how long is told of those that ended.
stats-came = Entered
stats-items = Items
stats-there = Still there
stats-median = Median
stats-most = 90% at most
stats-hours = hours
stats-closing = Time to close
stats-closing-note = { $n } closed, median { $median }, 90% at most { $most }.
stats-returns = Returns
stats-returns-note = From where to where, and how often.
stats-ways = Ways that were gone
stats-way = Way
stats-often = Times
stats-load = Workload by person
stats-load-note = Overdue: longer in the present state than the flow allows.
stats-overdue = Overdue
stats-linked = Recurrence
stats-linked-note = What the items filed in this period link to most often, such as a 典型Buglist.
stats-linked-to = Links to
stats-field = Field
stats-by-month = { $field } (by month)
stats-created = Created
stats-closed-at = Closed at
flow-picture = Diagram

## The board
board = Board
board-list = List
board-see = items, see the list
board-more = See more
board-moves = What can be done
board-moves-of = What can be done with { $id }
board-others = Other fields
board-back = Back to the board
board-open = Open the item
board-stale = Someone has just changed it, so nothing was done. This is how it stands now.
board-done = Done
board-failed = Not done. Check the network and try again
close = Close

## Many at once
bulk = Do to those chosen
bulk-all = Choose all on this page
bulk-chosen = Chosen:
bulk-press = Press
bulk-set = Set a field
bulk-choose = Choose what to do
bulk-next = Next
bulk-items = The items chosen
bulk-others = Set other fields too (what is left empty stays)
bulk-go = Do it
bulk-again = Try those again that were refused
bulk-back = Back to the list
bulk-would = Will be refused
bulk-not = Not done
bulk-heading-press = Press “{ $trigger }” for many
bulk-heading-set = Set “{ $field }” for many
bulk-heading-assign = Hand over many
bulk-none = No items are chosen. Go back to the list and mark some.
bulk-many = At most { $n } items at once. Choose fewer.
bulk-what = There is nothing of that kind to be done. Go back to the list and choose again.
bulk-stale = Someone has changed it since it was chosen. Look at it and try again
bulk-unknown = There is no such item, or you may not see it
bulk-finished = Done: { $done }. Not done: { $refused }
