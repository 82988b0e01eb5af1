package io.tenon.arch.planted.block;

/** Right: imports nothing. */
public interface Device {
  long blocks();
}
