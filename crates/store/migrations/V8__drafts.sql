-- Flows that are being written; `base` is the version that a draft began from, 0 where there was none. `tests` are scenarios
-- (TOML), kept beside the version that they were played for, as is what was said of it.
create table flow_draft (
    flow text not null primary key,
    text text not null,
    tests text not null,
    base bigint not null,
    revision bigint not null,
    changed_at bigint not null,
    changed_by text not null
);
alter table flow_version add column note text not null default '';
alter table flow_version add column tests text not null default '';
