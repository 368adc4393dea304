-- When events are, as a query asks for it.

-- All that is needed to say whether something happens in a range of time
-- (format/ical_times.h); empty: only the object itself can tell.
ALTER TABLE item ADD COLUMN times BLOB NOT NULL DEFAULT '';

-- How long the span is, in steps (store/item_span.c).  What is short is found
-- near the range that is asked for, so that only what is long, mostly without
-- end, is looked at from afar.
ALTER TABLE item ADD COLUMN reach BIGINT NOT NULL DEFAULT 0;
UPDATE item SET reach = CASE
    WHEN span_from < -100000000000000 OR span_to > 100000000000000 THEN 4
    WHEN span_to - span_from <= 172800 THEN 0
    WHEN span_to - span_from <= 3456000 THEN 1
    WHEN span_to - span_from <= 34560000 THEN 2
    WHEN span_to - span_from <= 345600000 THEN 3
    ELSE 4 END
    WHERE component <> '';
DROP INDEX item_span;
CREATE INDEX item_reach ON item
    (account_id, collection, reach, span_from, span_to)
    WHERE component <> '';
