-- +goose Up
ALTER TABLE runs ADD COLUMN distance_km numeric(7, 3);
UPDATE runs SET distance_km = distance_meters / 1000.0;
ALTER TABLE runs ALTER COLUMN distance_km SET NOT NULL;
ALTER TABLE runs DROP COLUMN distance_meters;

-- +goose Down
ALTER TABLE runs ADD COLUMN distance_meters integer CHECK (distance_meters > 0);
UPDATE runs SET distance_meters = round(distance_km * 1000);
ALTER TABLE runs ALTER COLUMN distance_meters SET NOT NULL;
ALTER TABLE runs DROP COLUMN distance_km;
