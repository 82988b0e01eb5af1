package io.tenon.reactor;

enum NoHandler implements SocketHandler {
  INSTANCE;

  @Override
  public int readable() {
    return 0;
  }

  @Override
  public void writable() {
    // nothing was sent
  }

  @Override
  public void closed(String reason) {
    // nobody is to be told
  }
}
