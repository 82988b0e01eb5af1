package io.tenon.ssh.internal;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Keys as they come, up to a bound between two line ends; after that there are no more. Whatever is typed is kept until its line ends. */
final class BoundedLines extends FilterInputStream {
  private final int most;
  private int typed;

  BoundedLines(InputStream keys, int most) {
    super(keys);
    this.most = most;
  }

  @Override
  public int read() throws IOException {
    int key = typed > most ? -1 : super.read();
    if (key >= 0) count((byte) key);
    return key;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (typed > most) return -1;
    int got = super.read(into, offset, length);
    for (int i = 0; i < got; i++) count(into[offset + i]);
    return got;
  }

  private void count(byte key) {
    typed = key == '\r' || key == '\n' ? 0 : typed + 1;
  }
}
