-- Full-text search: each flow has a table of its items' texts as they are looked for, words_<flow>, made with its sheet, and an
-- index of them. The flows whose items were there before are noted here until theirs are made: up to which number that is done.
create table words_due (
    flow text not null primary key,
    upto bigint not null
);
insert into words_due (flow, upto) select flow, 0 from flow;
