package io.tenon.node.internal;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/** Calls back whenever something in a folder changes, from a thread of its own that waits in the kernel. */
final class FolderWatch implements AutoCloseable {
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
      while (true) {
        WatchKey key = service.take();
        key.pollEvents();
        changed.run();
        if (!key.reset()) return; // the folder itself is gone
      }
    } catch (ClosedWatchServiceException e) {
      return; // closed: the end of this thread's work
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    service.close();
  }
}
