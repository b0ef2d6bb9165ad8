-- Entries may outlive their plugin, where an operator says so: they wait for the next one of its name. Without the
-- constraint, who deletes a plugin deletes them, and who adds the first one looks whether the plugin is there.
alter table kv_usage drop constraint kv_usage_plugin;
