package io.tenon.bench.nvmf;

import java.io.IOException;

/** One of the two that are compared, with its client. */
interface Contestant extends AutoCloseable {
  /** For the table: what it is, and its version where it has one. */
  String name();

  Figures measure(Workload workload, int seconds) throws IOException, InterruptedException;

  /** The other's turn: uses no processor until measured again. */
  default void rest() throws IOException {}

  @Override
  void close() throws IOException;
}
