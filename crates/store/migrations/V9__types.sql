-- Fields whose key had another type in an earlier version: for each how many others it had, as JSON; empty where there are
-- none. What a sheet has of each type is a column of its own.
alter table flow_version add column retyped text not null default '';
