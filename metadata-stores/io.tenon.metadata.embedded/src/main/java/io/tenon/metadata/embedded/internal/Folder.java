package io.tenon.metadata.embedded.internal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A folder of few files, as far as a journal needs one. What is not synced may be lost, in whole or in part, by a power failure. */
interface Folder {
  boolean has(String name) throws IOException;

  byte[] read(String name) throws IOException;

  /** Opens a file for writing, and makes it when it is not there. */
  OpenFile open(String name) throws IOException;

  /** All at once, over what is there; durable after {@link #sync}. */
  void rename(String from, String to) throws IOException;

  /** Makes durable which files there are. */
  void sync() throws IOException;

  /** One writer. */
  interface OpenFile extends Closeable {
    /** All of it, or an exception. */
    void write(long offset, ByteBuffer data) throws IOException;

    void truncate(long size) throws IOException;

    /** Makes durable what was written. After an exception nothing is known of it, and another call proves nothing. */
    void sync() throws IOException;
  }
}
