package io.gonext.host.internal.store;

import io.gonext.host.Database;

/** The databases on which what the store promises must hold. */
public enum StoreFixture {
  H2 {
    @Override
    public Database create() {
      return Database.embedded();
    }
  },
  POSTGRESQL {
    @Override
    public Database create() {
      return Database.postgreSql(TestPostgres.createDatabase());
    }
  };

  /** An empty database; for H2, that of the data directory it is opened with. */
  public abstract Database create();
}
