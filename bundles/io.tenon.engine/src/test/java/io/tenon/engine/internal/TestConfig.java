package io.tenon.engine.internal;

import java.lang.reflect.Proxy;

/** The engine's configuration with its defaults, but for what is named. */
final class TestConfig {
  private TestConfig() {}

  static EngineConfig ofNode(String name) {
    return (EngineConfig)
        Proxy.newProxyInstance(
            EngineConfig.class.getClassLoader(),
            new Class<?>[] {EngineConfig.class},
            (_, method, _) -> method.getName().equals("name") ? name : method.getDefaultValue());
  }
}
