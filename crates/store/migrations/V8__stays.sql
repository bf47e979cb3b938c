-- The number stands in the index: which items were in a state at some time is told without a look at each of their stays.
drop index stay_state;
create index stay_state on stay (flow, state, entered, number);
