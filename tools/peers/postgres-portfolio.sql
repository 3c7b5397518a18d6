-- What the value lines of each funder come to a year on a day, whenever decided: $1 day, $2 the last position that is
-- known. As in duckdb-portfolio.sql.
WITH RECURSIVE step AS (
    SELECT * FROM (
        SELECT DISTINCT ON (line) line, position, place, class, from_earliest, from_latest, is_change, pence,
            $1::date AS day
        FROM facts f
        WHERE f.perhaps @> $1::date AND f.known @> $2::bigint
        ORDER BY line, class, (surely @> $1::date) DESC, from_latest DESC, from_earliest DESC, strength DESC,
            position DESC, place DESC
    ) first
    UNION ALL
    SELECT f.line, f.position, f.place, f.class, f.from_earliest, f.from_latest, f.is_change, f.pence,
        s.from_earliest - 1
    FROM step s CROSS JOIN LATERAL (
        SELECT * FROM facts f
        WHERE f.line = s.line AND f.perhaps @> (s.from_earliest - 1) AND f.known @> $2::bigint
        ORDER BY f.class, (f.surely @> (s.from_earliest - 1)) DESC, f.from_latest DESC, f.from_earliest DESC,
            f.strength DESC, f.position DESC, f.place DESC
        LIMIT 1
    ) f
    WHERE s.is_change
),
amounts AS (
    SELECT s.line, sum(s.pence) AS pence,
        count(*) FILTER (WHERE NOT s.is_change) = 1 AND count(s.pence) = count(*) AND NOT bool_or(
            s.class = 0 AND EXISTS (
                SELECT 1 FROM facts o
                WHERE o.line = s.line AND o.class = 0 AND o.from_earliest = s.from_earliest
                    AND o.from_latest = s.from_latest AND o.perhaps @> s.day AND o.known @> $2::bigint
                    AND (o.is_change <> s.is_change OR o.pence IS DISTINCT FROM s.pence)
            )
        ) AS known
    FROM step s GROUP BY s.line
)
SELECT l.funder, coalesce(sum(a.pence) FILTER (WHERE a.known), 0)::bigint AS pence,
    count(*) FILTER (WHERE a.known) AS added, count(*) FILTER (WHERE NOT a.known) AS lacking
FROM amounts a JOIN lines l ON l.line = a.line
GROUP BY l.funder ORDER BY l.funder
