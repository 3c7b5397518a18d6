-- Of each value line of one contract the fact in effect at the three coordinates: ?1 contract, ?2 day, ?3 the number of
-- entries that are known, ?4 the last day of acts that count.
SELECT name, position, place, is_change, pence FROM (
    SELECT l.name, f.position, f.place, f.is_change, f.pence, row_number() OVER (
        PARTITION BY f.line
        ORDER BY f.class, (f.from_latest <= ?2 AND f.until_earliest >= ?2) DESC, f.from_latest DESC,
            f.from_earliest DESC, f.strength DESC, f.position DESC, f.place DESC
    ) AS rank
    FROM lines l JOIN facts f ON f.line = l.line
    WHERE l.contract = ?1 AND f.from_earliest <= ?2 AND f.until_latest >= ?2 AND f.position < ?3 AND f.struck >= ?3
        AND f.decided <= ?4
) WHERE rank = 1
