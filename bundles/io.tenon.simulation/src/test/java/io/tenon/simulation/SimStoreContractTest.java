package io.tenon.simulation;

import io.tenon.metadata.testing.MetadataStoreContract;
import io.tenon.metadata.testing.StoreBench;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass
@MethodSource("seeds")
@ExtendWith(InSimulation.class)
class SimStoreContractTest extends MetadataStoreContract implements InSimulation.Worldly {
  private final SimWorld world;

  SimStoreContractTest(long seed) {
    world = new SimWorld(new SplittableRandom(seed));
  }

  static LongStream seeds() {
    return Seeds.of(8);
  }

  @Override
  public SimWorld world() {
    return world;
  }

  @Override
  protected StoreBench open() {
    return new SimStoreBench(world);
  }
}
