-- Made once the rows are there, which is faster, and then told to the planner.
CREATE UNIQUE INDEX lines_of ON lines (contract, name) INCLUDE (line);
CREATE UNIQUE INDEX for_a_line ON facts (line, position, place)
    INCLUDE (surely, perhaps, known, from_earliest, from_latest, decided, class, strength, is_change, pence);
CREATE INDEX for_a_day ON facts USING gist (line, perhaps, known);
VACUUM ANALYZE lines;
VACUUM ANALYZE facts;
