/** The Services that the demo begins with: three that say who they are. */
export const sampleServices = `# The Services of the demo. Edit this file and save it: the API server has it at once, and nginx follows.
# A Service that is taken out of the file is deleted. Ports are above 1024, so that no root is needed.
apiVersion: v1
kind: Service
metadata:
  name: shop
  labels:
    hotroute.io/expose: "true"
    hotroute.io/host: shop.localhost
spec:
  ports:
    - name: http
      port: 8000
---
apiVersion: v1
kind: Service
metadata:
  name: cart
  labels:
    hotroute.io/expose: "true"
    hotroute.io/host: shop.localhost
  annotations:
    hotroute.io/path: /cart
spec:
  ports:
    - name: http
      port: 8000
---
apiVersion: v1
kind: Service
metadata:
  name: blog
  labels:
    hotroute.io/expose: "true"
    hotroute.io/host: blog.localhost
spec:
  ports:
    - name: http
      port: 8000
`;
