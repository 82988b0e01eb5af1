package io.tenon.ssh.internal;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Line ends as a terminal in raw mode wants them, where no line discipline makes them. */
final class TerminalOutput extends FilterOutputStream {
  private static final byte[] LINE_END = {'\r', '\n'};

  TerminalOutput(OutputStream out) {
    super(out);
  }

  @Override
  public void write(int single) throws IOException {
    if (single == '\n') out.write(LINE_END);
    else out.write(single);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    int from = offset;
    for (int i = offset; i < offset + length; i++) {
      if (bytes[i] != '\n') continue;
      out.write(bytes, from, i - from);
      out.write(LINE_END);
      from = i + 1;
    }
    out.write(bytes, from, offset + length - from);
  }
}
