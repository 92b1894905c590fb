-- +goose Up
ALTER TABLE runs ADD COLUMN note text;

-- +goose Down
ALTER TABLE runs DROP COLUMN note;
