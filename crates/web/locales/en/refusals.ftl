# Why nothing happened: the reason, and what can be done.

refused-stale = Someone has changed this item meanwhile (it is at revision { $revision } now). Nothing that you typed is lost: check it and send it again.
refused-wrong-state = The item is in “{ $state }” now, where there is no “{ $trigger }”. See what can be done now.
refused-unmet = The values do not meet the condition of “{ $trigger }” yet.
refused-press = Only { $who } may do this.
refused-save = Only those who hold the item may save changes. To add something, comment in the history.
refused-final = The item is finished and cannot be changed. To add something, comment in the history.
refused-create = Only { $who } may create items.
refused-assign = Only administrators hand over.

who-anyone = anyone
who-field = whoever “{ $field }” names
who-group = the members of “{ $group }”

wrong-unknown = There is no such field
wrong-readonly = This field cannot be changed now
wrong-required = This must be filled
wrong-type = Not of the right kind: this takes { $wants }
wrong-too-long = Too long: at most { $max } characters
wrong-pattern = Not of the right form: it must match { $pattern }
wrong-character = It holds a character that cannot be stored (a line break in a single line, or U+0000)
wrong-choice = “{ $given }” is not offered; choose one of: { $offered }
wrong-choice-none = Nothing is offered here now; empty “{ $given }”
wrong-misfit = It does not fit “{ $parent }”; choose again
wrong-no-user = There is no user named “{ $given }”; choose one from the list
wrong-no-group = There is no group called “{ $given }”: choose one from the list
wrong-disabled = “{ $user }” is disabled; choose someone else
wrong-no-item = There is no item “{ $given }”; give its ID (like question_3) or paste its address
wrong-other-flow = It must be an item of “{ $flow }”
wrong-linked = It is linked already; to open another, empty the link first
wrong-no-flow = The flow “{ $flow }” is not published; ask an administrator
wrong-copy = To be copied into “{ $field }” of “{ $flow }”: { $why }
wrong-time = out of order: not after now, not closed before created, closed only in a final state
wrong-no-comment = This takes no comment; empty it
wrong-no-holder = The item would have no active holder; ask an administrator
wrong-too-small = Not below { $min }
wrong-too-large = Not above { $max }
wrong-decimals = At most { $max ->
    [one] one digit
   *[other] { $max } digits
} after the point
wrong-digits = At most 15 significant digits
wrong-date = Not a day; write it like 2026-11-22
wrong-datetime = Not a moment; write it like 2026-11-22 08:12
wrong-url = Not an address; it must begin with http:// or https://

state = State
holder = Holder
creator = Created by
created-at = Created
updated-at = Updated
closed-at = Closed

problem-unauthorized = Nobody is signed in, or the token is not valid. Send a valid token in the Authorization header.
problem-not-found = There is no such thing, or you may not see it.
problem-admins-only = Only administrators may do this.
problem-owners-only = Only its owner may do this.
problem-archived = The flow “{ $flow }” is archived: its items can only be read.
problem-bad-cursor = This cursor is none that a list gave out; start again from the first page.
problem-throttled = Too many failed attempts; try again in { $seconds } seconds.
problem-stale = This item was changed by someone else just now; read it again and retry.
problem-unavailable = The database does not answer at the moment; nothing was changed. Try again soon.
problem-outcome-unknown = The connection to the database broke off while this was being kept, and whether it was kept could not be found out. Look first, then decide whether to do it again.
problem-too-long = Counting took too long and was broken off: choose a shorter period, or filter.
problem-no-room = The server has no room left to save anything, so nothing was changed. Everything can still be looked up. Tell an administrator, and try again later.
problem-internal = The server failed; nothing was changed. Try again; if it stays so, tell an administrator.
