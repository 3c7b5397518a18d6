-- What the value lines of each funder come to a year on a day, by all that is known, whenever decided: $day. As in
-- duckdb-portfolio.sql; a recursive part may hold no window here, so that a step holds the key of its fact.
WITH RECURSIVE step (line, day, key) AS (
    SELECT line, $day, position << 16 | place FROM (
        SELECT f.*, row_number() OVER (
            PARTITION BY f.line
            ORDER BY f.class, (f.from_latest <= $day AND f.until_earliest >= $day) DESC, f.from_latest DESC,
                f.from_earliest DESC, f.strength DESC, f.position DESC, f.place DESC
        ) AS rank
        FROM facts f
        WHERE f.from_earliest <= $day AND f.until_latest >= $day AND f.struck = 9223372036854775807
    ) WHERE rank = 1
    UNION ALL
    SELECT s.line, c.from_earliest - 1, (
        SELECT f.position << 16 | f.place FROM facts f
        WHERE f.line = s.line AND f.from_earliest <= c.from_earliest - 1 AND f.until_latest >= c.from_earliest - 1
            AND f.struck = 9223372036854775807
        ORDER BY f.class, (f.from_latest <= c.from_earliest - 1 AND f.until_earliest >= c.from_earliest - 1) DESC,
            f.from_latest DESC, f.from_earliest DESC, f.strength DESC, f.position DESC, f.place DESC
        LIMIT 1
    )
    FROM step s JOIN facts c ON c.line = s.line AND c.position = s.key >> 16 AND c.place = s.key & 65535
    WHERE c.is_change = 1
),
told AS (
    SELECT f.line, f.is_change, f.pence, f.class = 0 AND EXISTS (
        SELECT 1 FROM facts o
        WHERE o.line = f.line AND o.struck = 9223372036854775807 AND o.class = 0 AND o.from_earliest = f.from_earliest
            AND o.from_latest = f.from_latest AND o.until_latest >= s.day
            AND (o.is_change <> f.is_change OR o.pence IS NOT f.pence)
    ) AS conflicts
    FROM step s JOIN facts f ON f.line = s.line AND f.position = s.key >> 16 AND f.place = s.key & 65535
),
amounts AS (
    SELECT line, sum(pence) AS pence,
        sum(is_change = 0) = 1 AND count(pence) = count(*) AND NOT max(conflicts) AS known
    FROM told GROUP BY line
)
SELECT l.funder, coalesce(sum(a.pence) FILTER (WHERE a.known), 0) AS pence,
    count(*) FILTER (WHERE a.known) AS added, count(*) FILTER (WHERE NOT a.known) AS lacking
FROM amounts a JOIN lines l ON l.line = a.line
GROUP BY l.funder ORDER BY l.funder
