with customers as (

    select * from {{ ref('stg_customers') }}

),

countries as (

    select * from {{ ref('countries') }}

),

orders as (

    select
        customer_id,
        count(*) as orders,
        max(ordered_on) as last_ordered_on,
        sum(paid_eur) as paid_eur
    from {{ ref('fct_orders') }}
    group by customer_id

)

select
    customers.customer_id,
    customers.customer_name,
    customers.email,
    countries.country_name,
    countries.region,
    coalesce(orders.orders, 0) as orders,
    orders.last_ordered_on,
    coalesce(orders.paid_eur, 0) as paid_eur
from customers
left join countries
    on customers.country_code = countries.country_code
left join orders
    on customers.customer_id = orders.customer_id
