package io.tenon.pool.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Where the node keeps its own files: PID {@code io.tenon.node}. */
@ObjectClassDefinition(name = "Tenon node", description = "Data directory of a node")
public @interface CheckConfig {
  @AttributeDefinition(description = "Directory of the node's own files")
  String data_dir();
}
