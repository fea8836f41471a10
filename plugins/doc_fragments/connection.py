# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the connection options, which all modules have."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  elasticsearch_url:
    description:
      - Base URLs of the cluster nodes, for example V(https://es.example.com:9200).
      - A path in a URL is kept.
      - The module tries the nodes in order. It uses the first node that accepts a connection for the rest of the task.
      - One of O(elasticsearch_url) and O(elasticsearch_cloud_id) is required. They are mutually exclusive.
      - If not set, E(ELASTICSEARCH_URL) is used. It can contain several URLs, separated by commas.
      - Environment variables are read on the host where the module runs. An empty environment variable is ignored.
      - Options of the task take precedence over environment variables. For example, O(elasticsearch_url) in a task
        overrides E(ELASTICSEARCH_CLOUD_ID).
    type: list
    elements: str
  elasticsearch_cloud_id:
    description:
      - Cloud ID of an Elastic Cloud deployment, as an alternative to O(elasticsearch_url).
      - If not set, E(ELASTICSEARCH_CLOUD_ID) is used.
    type: str
  elasticsearch_username:
    description:
      - User name for basic authentication.
      - Required together with O(elasticsearch_password).
      - Basic authentication, O(elasticsearch_api_key), and O(elasticsearch_bearer_token) are mutually exclusive.
      - If not set, E(ELASTICSEARCH_USERNAME) is used.
    type: str
  elasticsearch_password:
    description:
      - Password for basic authentication.
      - Required together with O(elasticsearch_username).
      - If not set, E(ELASTICSEARCH_PASSWORD) is used.
    type: str
  elasticsearch_api_key:
    description:
      - Elasticsearch API key, in its encoded form or as C(id:secret).
      - Do not set the API key of the model provider here. It is part of the settings of an endpoint.
      - R(Privileges, ansible_collections.esops.inference.docsite.privileges) lists the privileges that the API key
        needs, and shows how to create it.
      - If not set, E(ELASTICSEARCH_API_KEY) is used.
    type: str
  elasticsearch_bearer_token:
    description:
      - Bearer token for Elasticsearch.
      - Use an access token of the token service, a service account token, or a JWT.
      - If not set, E(ELASTICSEARCH_BEARER_TOKEN) is used.
    type: str
  ca_path:
    description:
      - Path to the trusted CA certificates, on the host where the module runs.
      - The path is a file, or a directory with hashed certificates.
      - By default, the module trusts the CA certificates of C(requests), or of the path in E(REQUESTS_CA_BUNDLE).
      - If not set, E(ELASTICSEARCH_CA_PATH) is used.
    type: path
  ca_fingerprint:
    description:
      - SHA-256 fingerprint of the server certificate or of its CA certificate.
      - Write the fingerprint in hexadecimal digits, with or without colons.
      - A matching server certificate is trusted even if no CA certificate is known. If O(ca_path) is also set, both
        checks must pass.
      - Elasticsearch prints the fingerprint of its CA certificate at its first start. With this fingerprint, only that
        CA is trusted. The server must send the CA certificate, and the host where the module runs needs Python 3.10 or
        later.
      - The module verifies the fingerprint before it sends any data, on direct connections and through a proxy.
      - If not set, E(ELASTICSEARCH_CA_FINGERPRINT) is used.
    type: str
  client_cert:
    description:
      - Path to the client certificate in PEM format, on the host where the module runs.
      - The file can also contain the private key.
      - If not set, E(ELASTICSEARCH_CLIENT_CERT) is used.
    type: path
  client_key:
    description:
      - Path to the private key of the client certificate in PEM format, on the host where the module runs.
      - The private key must not have a passphrase. Requires O(client_cert).
      - If not set, E(ELASTICSEARCH_CLIENT_KEY) is used.
    type: path
  validate_certs:
    description:
      - Verify the TLS certificate of the server.
      - If V(false), anyone on the network path can intercept the connection and read the secrets.
      - If not set, E(ELASTICSEARCH_VALIDATE_CERTS) is used.
    type: bool
    default: true
  timeout:
    description:
      - Timeout for a request in seconds, at most 86400 (one day).
      - Opening a connection takes at most 10 seconds of it.
      - When Elasticsearch creates or updates an endpoint, it waits for the provider of the model. If the version allows
        it, the module limits this wait to a little less than O(timeout). Creates allow it in 8.19, and in 9.1 or later.
        Updates allow it in 9.5 or later. Other versions wait up to 30 seconds.
      - If not set, E(ELASTICSEARCH_TIMEOUT) is used.
    type: float
    default: 130
  retries:
    description:
      - How many times to retry a request after a temporary error.
      - Temporary errors are a refused or lost connection, and the statuses 429, 502, 503, and 504. A write is also
        retried after a temporary error of the provider (429, 5xx, 529, or a timeout). The same applies if another
        update of the endpoint is in progress. Other errors are not retried, for example TLS errors, authentication
        errors, or a rejected API key.
      - The pauses between retries grow. Each is a random time between half and all of 1, 2, 4 seconds, and so on. The
        module respects C(Retry-After) up to 60 seconds. All pauses of a task together take at most O(timeout) seconds.
      - A request that exceeds O(timeout) is not retried. The task warns if a request was retried.
      - If there are several nodes, the request goes to the next node first, without a pause. The module pauses only
        before it retries all nodes. Reads go to the next node after these errors, and after a TLS error, with a
        warning. Writes go to the next node only if nothing was sent, or after the statuses 429 and 503, which mean that
        Elasticsearch did nothing.
      - If not set, E(ELASTICSEARCH_RETRIES) is used.
    type: int
    default: 3
  headers:
    description:
      - Additional HTTP headers for every request.
      - Values are hidden if the name of the header indicates a credential. Such names contain the word
        C(authorization), C(authentication), C(auth), C(cookie), C(key), C(token), C(secret), C(password),
        C(credential), or a similar one. All other values are shown.
      - If not set, E(ELASTICSEARCH_HEADERS) is used, as JSON.
    type: dict
notes:
  - Requires Elasticsearch 8.16 or later, or Elasticsearch Serverless, with a license that includes inference. See
    R(Compatibility matrix, ansible_collections.esops.inference.docsite.compatibility).
  - The module connects to Elasticsearch from the host where it runs. To connect from the control node, set
    C(connection=local) for the play or C(delegate_to=localhost) for the task. Only the host where the module runs needs
    C(requests).
requirements:
  - python >= 3.8
  - requests >= 2.28
"""
