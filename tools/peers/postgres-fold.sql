-- Of every value line the fact in effect on a day, whenever decided: $1 day, $2 the last position that is known.
SELECT DISTINCT ON (line) line, position, place, is_change, pence
FROM facts f
WHERE f.perhaps @> $1::date AND f.known @> $2::bigint
ORDER BY line, class, (surely @> $1::date) DESC, from_latest DESC, from_earliest DESC, strength DESC, position DESC,
    place DESC
