-- Of every value line the fact in effect on a day, by all that is known, whenever decided: $day. SQLite and DuckDB.
SELECT line, position, place, is_change, pence FROM (
    SELECT f.*, row_number() OVER (
        PARTITION BY f.line
        ORDER BY f.class, (f.from_latest <= $day AND f.until_earliest >= $day) DESC, f.from_latest DESC,
            f.from_earliest DESC, f.strength DESC, f.position DESC, f.place DESC
    ) AS rank
    FROM facts f
    WHERE f.from_earliest <= $day AND f.until_latest >= $day AND f.struck = 9223372036854775807
) WHERE rank = 1
