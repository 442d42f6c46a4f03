/** What comes before the path of a SQLite file. */
export const sqlitePrefix = 'sqlite:'

/** Whether this is the address of a store: `sqlite:PATH`, or a URL of PostgreSQL. */
export const isStoreAddress = (text: string): boolean =>
  (text.startsWith(sqlitePrefix) && text.length > sqlitePrefix.length) || /^postgres(ql)?:\/\/./.test(text)
