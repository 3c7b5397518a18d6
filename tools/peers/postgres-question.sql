-- Of each value line of one contract the fact in effect at the three coordinates: $1 contract, $2 day, $3 the last
-- position that is known, $4 the last day of acts that count.
SELECT l.name, f.position, f.place, f.is_change, f.pence
FROM lines l CROSS JOIN LATERAL (
    SELECT * FROM facts f
    WHERE f.line = l.line AND f.perhaps @> $2::date AND f.known @> $3::bigint AND f.decided <= $4::date
    ORDER BY f.class, (f.surely @> $2::date) DESC, f.from_latest DESC, f.from_earliest DESC, f.strength DESC,
        f.position DESC, f.place DESC
    LIMIT 1
) f
WHERE l.contract = $1
