-- The records. Portable: text, bigint, double precision; times are milliseconds (UTC); flags 0/1; hashes hex.
-- Every key of an item's table starts with (flow, number), so that an item's records can live on one shard.

create table setting (
    name text not null primary key,
    value text not null
);

create table change_sequence (
    name text not null primary key,
    value bigint not null
);

-- people

create table users (
    folded text not null primary key,
    name text not null,
    display text not null,
    email text,
    admin bigint not null,
    active bigint not null,
    password_hash text,
    language text,
    created_at bigint not null
);

create table groups (
    folded text not null primary key,
    name text not null,
    created_at bigint not null
);

create table membership (
    member text not null references users (folded),
    team text not null references groups (folded),
    primary key (member, team)
);
create index membership_team on membership (team, member);

create table session (
    hash text not null primary key,
    member text not null references users (folded),
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
);
create index session_member on session (member);
create index session_expires on session (expires_at);

create table token (
    member text not null references users (folded),
    id bigint not null,
    hash text not null unique,
    name text not null,
    created_at bigint not null,
    expires_at bigint,
    used_at bigint,
    primary key (member, id)
);

create table throttle (
    name text not null primary key,
    failures bigint not null,
    last_at bigint not null
);
create index throttle_last on throttle (last_at);

create table setup_link (
    hash text not null primary key,
    expires_at bigint not null
);

create table audit (
    id bigint not null primary key,
    at bigint not null,
    actor text not null,
    act text not null,
    detail text not null
);

-- flows

create table flow (
    flow text not null primary key,
    position bigint not null,
    version bigint not null,
    archived_at bigint
);

create table flow_version (
    flow text not null references flow (flow),
    version bigint not null,
    text text not null,
    published_at bigint not null,
    published_by text not null,
    primary key (flow, version)
);

create table next_number (
    flow text not null primary key references flow (flow),
    next bigint not null
);

-- which column of sheet_<flow> holds which kind of value
create table sheet_column (
    flow text not null references flow (flow),
    field text not null,
    kind text not null,
    primary key (flow, field)
);

create table tally (
    flow text not null references flow (flow),
    state text not null,
    closed bigint not null,
    items bigint not null,
    primary key (flow, state, closed)
);

-- how many items of each version are not closed
create table open_version (
    flow text not null references flow (flow),
    version bigint not null,
    items bigint not null,
    primary key (flow, version)
);

-- items

create table item (
    flow text not null references flow (flow),
    number bigint not null,
    flow_version bigint not null,
    revision bigint not null,
    state text not null,
    title text not null,
    assigned_to text not null,
    created_by text not null,
    created_at bigint not null,
    updated_at bigint not null,
    closed_at bigint,
    fields text not null,
    primary key (flow, number)
);
create index item_creator on item (created_by, created_at, flow, number);
create index item_creator_flow on item (created_by, flow, created_at, number);

create table holder (
    flow text not null,
    number bigint not null,
    who text not null,
    since bigint not null,
    primary key (flow, number, who),
    foreign key (flow, number) references item (flow, number)
);
create index holder_who on holder (who, since, flow, number);
create index holder_who_flow on holder (who, flow, since, number);

create table event (
    flow text not null,
    number bigint not null,
    seq bigint not null,
    at bigint not null,
    actor text not null,
    kind text not null,
    trigger_words text,
    from_state text,
    to_state text not null,
    changes text not null,
    assigned_to text not null,
    comment text,
    by_admin bigint not null,
    primary key (flow, number, seq),
    foreign key (flow, number) references item (flow, number)
);

create table stay (
    flow text not null,
    number bigint not null,
    seq bigint not null,
    state text not null,
    entered bigint not null,
    ended bigint,
    primary key (flow, number, seq),
    foreign key (flow, number) references item (flow, number)
);
create index stay_state on stay (flow, state, entered);

-- each link twice, once at each end: inward 0 where the field is, 1 at the item that it names
create table link (
    flow text not null,
    number bigint not null,
    inward bigint not null,
    field text not null,
    other_flow text not null,
    other_number bigint not null,
    primary key (flow, number, inward, field, other_flow, other_number),
    foreign key (flow, number) references item (flow, number)
);

create table took_part (
    flow text not null,
    number bigint not null,
    who text not null,
    at bigint not null,
    primary key (flow, number, who),
    foreign key (flow, number) references item (flow, number)
);
create index took_part_who on took_part (who, at, flow, number);
create index took_part_who_flow on took_part (who, flow, at, number);
