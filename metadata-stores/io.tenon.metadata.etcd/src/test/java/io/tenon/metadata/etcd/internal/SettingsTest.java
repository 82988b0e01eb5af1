package io.tenon.metadata.etcd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.tenon.error.TenonException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {
  private static EtcdConfig config(Map<String, Object> given) {
    return (EtcdConfig)
        Proxy.newProxyInstance(
            EtcdConfig.class.getClassLoader(),
            new Class<?>[] {EtcdConfig.class},
            (_, method, _) -> given.getOrDefault(method.getName(), method.getDefaultValue()));
  }

  private static String refusal(Map<String, Object> given) {
    return assertThrows(TenonException.class, () -> Settings.of(config(given))).getMessage();
  }

  @Test
  void endpointsAreReadAsPeopleWriteThem() throws Exception {
    var settings =
        Settings.of(config(Map.of("endpoints", " http://a:1 ,b, http://[::1]:3/, 10.0.0.1:4")));
    assertEquals(
        List.of("http://a:1", "http://b:2379", "http://[::1]:3", "http://10.0.0.1:4"),
        settings.endpoints().stream().map(Settings.Address::toString).toList());
    var tls = Settings.of(config(Map.of("endpoints", "https://a", "user", "u", "_password", "p")));
    assertTrue(tls.endpoints().getFirst().tls());
    assertFalse(tls.toString().contains("p="), tls::toString);
    assertEquals("u", tls.login().orElseThrow().toString());
  }

  @Test
  void whatIsWrongIsRefusedWithTheFileAndWhatToDo() {
    for (String endpoints :
        List.of("", " , ", "ftp://a:1", "http://", "http://a b", "http://a/x")) {
      String refusal = refusal(Map.of("endpoints", endpoints));
      assertTrue(refusal.contains("etc/io.tenon.metadata.etcd.cfg"), refusal);
    }
    assertTrue(refusal(Map.of("endpoints", "http://a,https://b")).contains("mixes"));
    assertTrue(refusal(Map.of("endpoints", "http://a", "tls_ca", "/x")).contains("https://"));
    assertTrue(
        refusal(Map.of("endpoints", "https://a", "tls_ca", "/no/file")).contains("/no/file"));
    assertTrue(refusal(Map.of("endpoints", "https://a", "tls_cert", "/x")).contains("both"));
    assertTrue(refusal(Map.of("endpoints", "a", "answer_timeout_ms", 0L)).contains("at least 1"));
  }

  @Test
  void onlyWhatWasRefusedBeforeItWasDoneCountsAsNotDone() {
    for (Status status :
        List.of(
            Status.UNAVAILABLE,
            Status.UNAVAILABLE.withDescription("etcdserver: leader changed"),
            Status.UNAVAILABLE.withDescription("etcdserver: request timed out"),
            Status.DEADLINE_EXCEEDED,
            Status.CANCELLED,
            Status.INTERNAL,
            Status.UNKNOWN,
            Status.RESOURCE_EXHAUSTED)) {
      assertEquals(Answers.Verdict.UNKNOWN, Answers.verdict(status), status::toString);
    }
    assertEquals(
        Answers.Verdict.NOT_DONE,
        Answers.verdict(Status.UNAVAILABLE.withDescription("etcdserver: no leader")));
    var full =
        Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: mvcc: database space exceeded");
    assertEquals(Answers.Verdict.REFUSED, Answers.verdict(full));
    assertTrue(Answers.remedy(full).contains("alarm disarm"));
    assertEquals(
        Answers.Verdict.LEASE_GONE,
        Answers.verdict(Status.NOT_FOUND.withDescription("etcdserver: requested lease not found")));
  }
}
