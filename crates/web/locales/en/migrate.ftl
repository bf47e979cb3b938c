event-migrated = migrated to another version
migrate-version = Flow version
