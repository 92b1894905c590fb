-- +goose Up
CREATE TABLE runs (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	runner text NOT NULL,
	started_at timestamptz NOT NULL,
	distance_meters integer NOT NULL CHECK (distance_meters > 0),
	duration_seconds integer NOT NULL CHECK (duration_seconds > 0)
);
CREATE INDEX runs_runner_id ON runs (runner, id);

-- +goose Down
DROP TABLE runs;
