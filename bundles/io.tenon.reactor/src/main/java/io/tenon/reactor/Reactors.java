package io.tenon.reactor;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** The node's reactors, fixed from start to stop. A service. */
@ProviderType
public interface Reactors {
  /** In order of {@link Reactor#index()}; never empty. */
  List<Reactor> all();

  /** Where control work that needs one place runs: reactor 0. */
  default Reactor main() {
    return all().get(0);
  }

  /** Figures for people and metrics. Any thread. */
  List<ReactorStats> stats();
}
