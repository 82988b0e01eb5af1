package io.tenon.metadata.embedded.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Shared by all stores: each serves only when it is the one that is named. */
@ObjectClassDefinition(
    name = "Tenon metadata",
    description = "Where the node keeps what must not be forgotten.")
@interface EmbeddedConfig {
  @AttributeDefinition(
      name = "Store",
      description =
          "embedded: in the node's data directory, for one machine. etcd: needs io.tenon.metadata.etcd too.")
  String store() default "embedded";
}
