package io.tenon.blobstore.internal;

import io.tenon.blobstore.Blobstores;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimThreads;
import java.util.concurrent.CompletableFuture;

/** The blobstores of a simulated node. */
public final class SimulatedBlobstores {
  private SimulatedBlobstores() {}

  public static Blobstores on(SimReactors reactors, SimThreads threads) {
    var blocking =
        new Blocking() {
          @Override
          public void execute(Runnable task) {
            threads.start(task);
          }

          @Override
          public void await(CompletableFuture<?> done) {
            var _ = done.handle((_, _) -> true).join();
          }
        };
    return new BlobstoreService.Stores(reactors.main(), blocking);
  }
}
