-- Version 1.0.0 inserts rows while this runs, and does not know the column.
alter table entry add column shown boolean default true not null;

create index entry_shown on entry (shown, id);
