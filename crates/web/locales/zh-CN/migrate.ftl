event-migrated = 迁移到新版本
migrate-version = 流程版本
