-- What takes a flow's items to another version of it: so that it can be broken off, run again and taken back. `map` is TOML.
create table migration (
    flow text not null references flow (flow),
    id bigint not null,
    version bigint not null,
    map text not null,
    closed bigint not null,
    started_by text not null,
    started_at bigint not null,
    finished_at bigint,
    undone_at bigint,
    primary key (flow, id)
);
