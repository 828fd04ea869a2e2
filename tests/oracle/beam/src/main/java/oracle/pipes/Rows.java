// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.TypeDescriptors;

/** Elements are JSON where they come in and where they go out. */
final class Rows {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Rows() {}

  static JsonNode read(String row) {
    try {
      return JSON.readTree(row);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A text field by a text field. */
  static MapElements<String, KV<String, String>> texts(String key, String value) {
    return MapElements.into(
            TypeDescriptors.kvs(TypeDescriptors.strings(), TypeDescriptors.strings()))
        .via(row -> KV.of(read(row).get(key).asText(), read(row).get(value).asText()));
  }

  /** A whole number by a text field. */
  static MapElements<String, KV<String, Long>> numbers(String key, String value) {
    return MapElements.into(TypeDescriptors.kvs(TypeDescriptors.strings(), TypeDescriptors.longs()))
        .via(row -> KV.of(read(row).get(key).asText(), read(row).get(value).asLong()));
  }

  /** A text field alone. */
  static MapElements<String, String> text(String field) {
    return MapElements.into(TypeDescriptors.strings()).via(row -> read(row).get(field).asText());
  }

  /** A whole number alone. */
  static MapElements<String, Long> number(String field) {
    return MapElements.into(TypeDescriptors.longs()).via(row -> read(row).get(field).asLong());
  }

  /** Names and values in turns, as an object. */
  static String object(Object... fields) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = 0; i < fields.length; i += 2) object.put((String) fields[i], fields[i + 1]);
    try {
      return JSON.writeValueAsString(object);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An element of a keyed collection. */
  static String keyed(String key, Object... fields) {
    try {
      return JSON.writeValueAsString(key) + ": " + object(fields);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Says an element of a collection by its key and one field. */
  static <V> MapElements<KV<String, V>, String> say(String field) {
    return MapElements.into(TypeDescriptors.strings())
        .via((KV<String, V> e) -> keyed(e.getKey(), field, e.getValue()));
  }

  /** Says an element of a collection. */
  static <T> MapElements<T, String> tell(SerializableFunction<T, String> words) {
    return MapElements.into(TypeDescriptors.strings()).via(words);
  }

  /** Several values as one text, sorted. */
  static <T extends Comparable<T>> String sorted(Iterable<T> values) {
    List<T> list = new ArrayList<>();
    values.forEach(list::add);
    Collections.sort(list);
    return inOrder(list);
  }

  /** Several values as one text. */
  static <T> String inOrder(Iterable<T> values) {
    StringBuilder text = new StringBuilder();
    for (T value : values) text.append(text.length() > 0 ? " " : "").append(value);
    return text.toString();
  }
}
