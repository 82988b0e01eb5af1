package io.tenon.transport.nvmetcp.internal.initiator;

import java.lang.reflect.Proxy;
import java.util.Map;

/** The defaults, but for what a test sets. */
final class TestInitiatorConfig {
  private TestInitiatorConfig() {}

  static InitiatorConfig with(Map<String, Object> values) {
    return (InitiatorConfig)
        Proxy.newProxyInstance(
            InitiatorConfig.class.getClassLoader(),
            new Class<?>[] {InitiatorConfig.class},
            (_, method, _) -> values.getOrDefault(method.getName(), method.getDefaultValue()));
  }

  static InitiatorOptions options(Map<String, Object> values) {
    return InitiatorOptions.of(with(values), name -> null);
  }
}
