package io.tenon.simulation;

import io.tenon.metadata.testing.OutageBench;
import io.tenon.metadata.testing.StoreOutageContract;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass
@MethodSource("seeds")
@ExtendWith(InSimulation.class)
class SimStoreOutageTest extends StoreOutageContract implements InSimulation.Worldly {
  private final SimWorld world;

  SimStoreOutageTest(long seed) {
    world = new SimWorld(new SplittableRandom(seed));
  }

  static LongStream seeds() {
    return Seeds.of(40);
  }

  @Override
  public SimWorld world() {
    return world;
  }

  @Override
  protected OutageBench open() {
    return new SimStoreBench(world);
  }
}
