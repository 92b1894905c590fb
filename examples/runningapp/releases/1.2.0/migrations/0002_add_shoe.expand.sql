-- +goose Up
ALTER TABLE runs ADD COLUMN shoe text;

-- +goose Down
ALTER TABLE runs DROP COLUMN shoe;
