//! One log's state: apply an event, return effects; snapshot and restore.
