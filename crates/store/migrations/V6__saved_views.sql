-- What people keep of a flow's list: a query, an order, columns and a group under a name, for themselves or for all who may
-- enter the flow.
create table saved_view (
    flow text not null references flow (flow),
    id text not null,
    owner text not null,
    name text not null,
    shared bigint not null,
    query text not null,
    sort text not null,
    columns text not null,
    group_by text not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (flow, id),
    unique (flow, owner, name)
);
create index saved_view_shared on saved_view (flow, shared, name, id);
