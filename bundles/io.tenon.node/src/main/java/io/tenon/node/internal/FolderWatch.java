package io.tenon.node.internal;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.concurrent.TimeUnit;

/** Calls back whenever something in a folder changes, from a thread of its own that waits in the kernel. */
final class FolderWatch implements AutoCloseable {
  private static final long QUIET_MS = 50;

  private final WatchService service;

  private FolderWatch(WatchService service) {
    this.service = service;
  }

  /** A folder that is not there now is not watched: a read-only image may come without one. */
  static FolderWatch start(Path folder, Runnable changed) throws IOException {
    WatchService service = folder.getFileSystem().newWatchService();
    if (Files.isDirectory(folder)) {
      folder.register(
          service,
          StandardWatchEventKinds.ENTRY_CREATE,
          StandardWatchEventKinds.ENTRY_MODIFY,
          StandardWatchEventKinds.ENTRY_DELETE);
      Thread.ofPlatform().daemon().name("tenon-etc").start(() -> follow(service, changed));
    }
    return new FolderWatch(service);
  }

  private static void follow(WatchService service, Runnable changed) {
    try {
      boolean there = true;
      while (there) {
        there = settled(service, service.take());
        changed.run();
      }
    } catch (ClosedWatchServiceException e) {
      return; // closed: the end of this thread's work
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Takes events until none comes for a moment, so that a file is not read while it is being written.
   *
   * @return false when the folder itself is gone
   */
  private static boolean settled(WatchService service, WatchKey first) throws InterruptedException {
    for (WatchKey key = first; key != null; key = service.poll(QUIET_MS, TimeUnit.MILLISECONDS)) {
      key.pollEvents();
      if (!key.reset()) return false;
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    service.close();
  }
}
