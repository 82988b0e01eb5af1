package io.tenon.metadata;

/** What happened to one key. */
public sealed interface Change {
  Key key();

  /** It was written; by a transaction that may have written it with the same value. */
  record Written(Entry entry) implements Change {
    @Override
    public Key key() {
      return entry.key();
    }
  }

  /** It is gone: deleted, or its lease ended. */
  record Deleted(Key key) implements Change {}
}
