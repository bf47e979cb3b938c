-- What is counted is counted in slots, whose sum it is: writes that run side by side each have a slot of their own and do
-- not wait for each other's row.

create table tally_in_slots (
    flow text not null references flow (flow),
    state text not null,
    closed bigint not null,
    slot bigint not null,
    items bigint not null,
    primary key (flow, state, closed, slot)
);
insert into tally_in_slots (flow, state, closed, slot, items) select flow, state, closed, 0, items from tally;
drop table tally;
alter table tally_in_slots rename to tally;

create table open_version_in_slots (
    flow text not null references flow (flow),
    version bigint not null,
    slot bigint not null,
    items bigint not null,
    primary key (flow, version, slot)
);
insert into open_version_in_slots (flow, version, slot, items) select flow, version, 0, items from open_version;
drop table open_version;
alter table open_version_in_slots rename to open_version;
