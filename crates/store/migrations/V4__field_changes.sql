-- How the short fields of an item went from value to value after it was created: derived from its events, and asked for by
-- `changed=field:A..B`.
create table field_change (
    flow text not null,
    number bigint not null,
    seq bigint not null,
    field text not null,
    old_value text not null,
    new_value text not null,
    primary key (flow, number, seq, field),
    foreign key (flow, number) references item (flow, number)
);
create index field_change_new on field_change (flow, field, new_value, number);
create index field_change_old on field_change (flow, field, old_value, number);
