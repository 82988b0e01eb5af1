package io.tenon.metadata.testing;

/** A store whose server can be taken away. */
public interface OutageBench extends StoreBench {
  /** The server is gone at once; nothing it has answered is lost. */
  void kill() throws Exception;

  /** It is there again, after {@link #kill}. */
  void revive() throws Exception;

  /** It hears and does nothing, and does not know. */
  void freeze() throws Exception;

  void thaw() throws Exception;

  @Override
  default void restart() throws Exception {
    kill();
    revive();
  }
}
