-- What the value lines of each funder come to a year on a day, by all that is known, whenever decided: $day. A change
-- is added to what there was on the day before it; a line is not known where an amount is not, where a change has
-- nothing before it, or where two firm facts of one day differ (no two entries of the register share a source). DuckDB.
WITH RECURSIVE standing AS (
    SELECT * FROM facts WHERE struck = 9223372036854775807
),
step AS (
    SELECT line, position, place, class, from_earliest, from_latest, is_change, pence, CAST($day AS INTEGER) AS day
    FROM (
        SELECT f.*, row_number() OVER (
            PARTITION BY f.line
            ORDER BY f.class, (f.from_latest <= $day AND f.until_earliest >= $day) DESC, f.from_latest DESC,
                f.from_earliest DESC, f.strength DESC, f.position DESC, f.place DESC
        ) AS rank
        FROM standing f
        WHERE f.from_earliest <= $day AND f.until_latest >= $day
    ) WHERE rank = 1
    UNION ALL
    SELECT line, position, place, class, from_earliest, from_latest, is_change, pence, day FROM (
        SELECT f.*, s.from_earliest - 1 AS day, row_number() OVER (
            PARTITION BY f.line
            ORDER BY f.class, (f.from_latest <= s.from_earliest - 1 AND f.until_earliest >= s.from_earliest - 1) DESC,
                f.from_latest DESC, f.from_earliest DESC, f.strength DESC, f.position DESC, f.place DESC
        ) AS rank
        FROM step s JOIN standing f ON f.line = s.line
        WHERE s.is_change = 1 AND f.from_earliest <= s.from_earliest - 1 AND f.until_latest >= s.from_earliest - 1
    ) WHERE rank = 1
),
told AS (
    SELECT s.*, s.class = 0 AND EXISTS (
        SELECT 1 FROM standing o
        WHERE o.line = s.line AND o.class = 0 AND o.from_earliest = s.from_earliest AND o.from_latest = s.from_latest
            AND o.until_latest >= s.day
            AND (o.is_change <> s.is_change OR coalesce(o.pence, -1) <> coalesce(s.pence, -1))
    ) AS conflicts
    FROM step s
),
amounts AS (
    SELECT line, sum(pence) AS pence,
        sum(CASE WHEN is_change = 0 THEN 1 ELSE 0 END) = 1 AND count(pence) = count(*)
            AND sum(CASE WHEN conflicts THEN 1 ELSE 0 END) = 0 AS known
    FROM told GROUP BY line
)
SELECT l.funder, CAST(sum(CASE WHEN a.known THEN a.pence ELSE 0 END) AS BIGINT) AS pence,
    CAST(sum(CASE WHEN a.known THEN 1 ELSE 0 END) AS BIGINT) AS added,
    CAST(sum(CASE WHEN a.known THEN 0 ELSE 1 END) AS BIGINT) AS lacking
FROM amounts a JOIN lines l ON l.line = a.line
GROUP BY l.funder ORDER BY l.funder
